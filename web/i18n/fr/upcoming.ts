export default {
  "upcoming.announced": "Annoncé",
  "upcoming.opensIn": "Ouvre dans",
  "upcoming.anyMoment": "Le hall ouvre d’un instant à l’autre.",
  "upcoming.days": { one: "{n} jour", other: "{n} jours" },
  "upcoming.stay":
    "La musique joue ici une demi-heure avant le début. Gardez cette page ouverte, ou notez-le dans votre agenda.",
  "upcoming.calendar": "Ajouter à l’agenda",
  "upcoming.share": "Partager",
  "upcoming.copied": "Lien copié",
  "upcoming.cancelled": "Cette conversation a été annulée.",
  "upcoming.missing": "Aucune conversation à cette adresse",
  "upcoming.missingDetail": "Vérifiez l’adresse, ou voyez ce qui passe en ce moment.",
  "upcoming.others": "Voir le programme",
} as const;
