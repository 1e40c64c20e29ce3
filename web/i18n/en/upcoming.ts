export default {
  "upcoming.announced": "Announced",
  "upcoming.opensIn": "Opens in",
  "upcoming.anyMoment": "The lobby opens any moment now.",
  "upcoming.days": { one: "{n} day", other: "{n} days" },
  "upcoming.stay": "Music plays here half an hour before it begins. Leave this page open, or put it in your calendar.",
  "upcoming.calendar": "Add to calendar",
  "upcoming.share": "Share",
  "upcoming.copied": "Link copied",
  "upcoming.cancelled": "This conversation was cancelled.",
  "upcoming.missing": "There is no conversation at this address",
  "upcoming.missingDetail": "Check the address, or see what is on now.",
  "upcoming.others": "See what is on",
} as const;
