export default {
  "price.moment": "One moment…",
  "price.wait": {
    one: "Many people ask just now. It goes on by itself within {n} second; there is nothing to do.",
    other: "Many people ask just now. It goes on by itself within {n} seconds; there is nothing to do.",
  },
} as const;
