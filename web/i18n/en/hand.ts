export default {
  "hand.title": "Raise your hand",
  "hand.explain":
    "The hosts see your name and can bring you on stage. Your microphone stays off until you go there yourself.",
  "hand.name": "Your name",
  "hand.nameMissing": "Give a name, so that the hosts know who asks.",
  "hand.cancel": "Cancel",
  "hand.raise": "Raise hand",
  "hand.up": "Your hand is up. The hosts see it.",
  "hand.lower": "Lower it",
  "hand.connecting": "Your hand goes up as soon as the server answers…",
  "hand.declined": "You stay in the audience. Raise your hand again whenever you like.",
  "hand.refused": "The room did not let you in. Reload the page and try again.",
  "hand.removed": "A host took you out of the room. You can go on listening.",
  "hand.invited": "Come up on stage?",
  "hand.invitedDetail":
    "A host asks you to speak. On the next page you choose your microphone; nobody hears you before that.",
  "hand.notNow": "Not now",
  "hand.goUp": "Go on stage",
} as const;
