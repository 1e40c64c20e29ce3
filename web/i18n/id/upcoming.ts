export default {
  "upcoming.announced": "Diumumkan",
  "upcoming.opensIn": "Dibuka dalam",
  "upcoming.anyMoment": "Lobi dibuka sebentar lagi.",
  "upcoming.days": { other: "{n} hari" },
  "upcoming.stay":
    "Musik diputar di sini setengah jam sebelum mulai. Biarkan halaman ini terbuka, atau catat di kalender Anda.",
  "upcoming.calendar": "Tambahkan ke kalender",
  "upcoming.share": "Bagikan",
  "upcoming.copied": "Tautan disalin",
  "upcoming.cancelled": "Percakapan ini dibatalkan.",
  "upcoming.missing": "Tidak ada percakapan di alamat ini",
  "upcoming.missingDetail": "Periksa alamatnya, atau lihat yang sedang berlangsung.",
  "upcoming.others": "Lihat yang lain",
} as const;
