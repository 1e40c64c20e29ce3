export default {
  "level.title": "Niveau de service",
  "level.name.0": "0 · Ouvert",
  "level.name.1": "1 · Calme",
  "level.name.2": "2 · Léger",
  "level.name.3": "3 · Debout",
  "level.name.4": "4 · Page fixe",
  "level.means.0": "Tous ceux qui viennent écoutent aussitôt.",
  "level.means.1": "Tous ceux qui viennent écoutent aussitôt ; leurs pages et lecteurs demandent plus rarement.",
  "level.means.2": "Tous ceux qui viennent écoutent aussitôt ; les nouveaux reçoivent la moitié du débit.",
  "level.means.3":
    "Ceux qui écoutent continuent. Les nouveaux suivent par écrit dans une file ; ils sont placés dès que des places se libèrent.",
  "level.means.4":
    "Ceux qui écoutent continuent. Plus personne n’est placé ; les nouveaux reçoivent une page qui dit ce qui se passe.",
  "level.cause.loop-lag": "Les serveurs sont en retard dans leur travail, depuis",
  "level.cause.cpu": "Les processeurs des serveurs sont presque pleins, depuis",
  "level.cause.connections": "Presque toutes les connexions sont prises, depuis",
  "level.cause.memory": "La mémoire des serveurs est presque pleine, depuis",
  "level.cause.egress": "La ligne vers l’extérieur est presque pleine, depuis",
  "level.cause.by-hand": "Un hôte l’a demandé, depuis",
  "level.cause.edges": "Beaucoup de serveurs de bord sont pleins, depuis",
  "level.cause.calm": "Tout est calme, depuis",
  "level.asked": "Au moins",
  "level.set": "Fixer",
  "level.onlyRaises":
    "Les serveurs règlent le niveau sur ce qu’ils mesurent. Ici, on peut l’élever, jamais le mettre au-dessous.",
} as const;
