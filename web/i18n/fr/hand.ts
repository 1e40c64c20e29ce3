export default {
  "hand.title": "Lever la main",
  "hand.explain":
    "Les hôtes voient votre nom et peuvent vous faire monter sur scène. Votre micro reste coupé tant que vous n’y allez pas vous-même.",
  "hand.name": "Votre nom",
  "hand.nameMissing": "Donnez un nom, pour que les hôtes sachent qui demande.",
  "hand.cancel": "Annuler",
  "hand.raise": "Lever la main",
  "hand.up": "Votre main est levée. Les hôtes la voient.",
  "hand.lower": "La baisser",
  "hand.connecting": "Votre main se lève dès que le serveur répond…",
  "hand.declined": "Vous restez dans le public. Levez la main à nouveau quand vous voulez.",
  "hand.refused": "La salle ne vous a pas laissé entrer. Rechargez la page et réessayez.",
  "hand.removed": "Un hôte vous a fait sortir de la salle. Vous pouvez continuer d’écouter.",
  "hand.invited": "Monter sur scène ?",
  "hand.invitedDetail":
    "Un hôte vous invite à parler. Sur la page suivante, vous choisissez votre micro ; personne ne vous entend avant.",
  "hand.notNow": "Pas maintenant",
  "hand.goUp": "Monter sur scène",
} as const;
