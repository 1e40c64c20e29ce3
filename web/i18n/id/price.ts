export default {
  "price.moment": "Sebentar…",
  "price.wait": {
    other: "Banyak orang meminta saat ini. Ini berlanjut sendiri dalam {n} detik; Anda tidak perlu melakukan apa-apa.",
  },
} as const;
