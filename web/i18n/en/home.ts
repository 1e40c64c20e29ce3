export default {
  "home.tagline": "Live conversations.\nOn the minute, for everyone.",
  "home.live": "On air",
  "home.upcoming": "Coming up",
  "home.replays": "Listen again",
  "home.lobby": "Opening soon",
  "home.nothingLive": "Nothing is on air right now.",
  "home.nothingUpcoming": "Nothing is announced yet.",
  "home.nothingReplays": "Conversations that are over can be heard again here.",
  "home.first": "No conversation yet. Whoever runs this server can open the first one at the desk.",
  "home.listeners": { one: "{n} listening now", other: "{n} listening now" },
  "home.desk": "Desk",
  "home.more": "Show more",
  "home.retry": "Try again",
  "home.language": "Language",
  "home.unreachable":
    "The programme list does not load right now. Conversations that you have the address of can be heard all the same.",
} as const;
