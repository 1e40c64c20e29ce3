export default {
  "home.tagline": "Des conversations en direct.\nÀ l’heure, pour tout le monde.",
  "home.live": "En direct",
  "home.upcoming": "À venir",
  "home.replays": "À réécouter",
  "home.lobby": "Ouvre bientôt",
  "home.nothingLive": "Rien en direct pour l’instant.",
  "home.nothingUpcoming": "Rien d’annoncé pour l’instant.",
  "home.nothingReplays": "Les conversations terminées se réécoutent ici.",
  "home.first":
    "Aucune conversation pour l’instant. La personne qui gère ce serveur peut ouvrir la première depuis le bureau.",
  "home.listeners": { one: "{n} personne écoute maintenant", other: "{n} personnes écoutent maintenant" },
  "home.desk": "Bureau",
  "home.more": "En voir plus",
  "home.retry": "Réessayer",
  "home.language": "Langue",
  "home.unreachable":
    "La liste ne se charge pas pour l’instant. Les conversations dont vous avez l’adresse s’écoutent quand même.",
} as const;
