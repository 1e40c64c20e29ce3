export default {
  "price.moment": "Un instant…",
  "price.wait": {
    one: "Beaucoup de monde demande en ce moment. Cela continue tout seul dans {n} seconde au plus ; il n’y a rien à faire.",
    other:
      "Beaucoup de monde demande en ce moment. Cela continue tout seul dans {n} secondes au plus ; il n’y a rien à faire.",
  },
} as const;
