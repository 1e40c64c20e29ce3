export default {
  "hand.title": "Angkat tangan",
  "hand.explain":
    "Tuan rumah melihat nama Anda dan dapat mengajak Anda ke panggung. Mikrofon tetap mati sampai Anda sendiri ke sana.",
  "hand.name": "Nama Anda",
  "hand.nameMissing": "Isi nama agar tuan rumah tahu siapa yang bertanya.",
  "hand.cancel": "Batal",
  "hand.raise": "Angkat tangan",
  "hand.up": "Tangan Anda terangkat. Tuan rumah melihatnya.",
  "hand.lower": "Turunkan",
  "hand.connecting": "Tangan Anda terangkat begitu server menjawab…",
  "hand.declined": "Anda tetap sebagai pendengar. Angkat tangan lagi kapan saja.",
  "hand.refused": "Ruang tidak mengizinkan Anda masuk. Muat ulang halaman lalu coba lagi.",
  "hand.removed": "Tuan rumah mengeluarkan Anda dari ruang. Anda tetap bisa mendengarkan.",
  "hand.invited": "Naik ke panggung?",
  "hand.invitedDetail":
    "Tuan rumah mengajak Anda berbicara. Di halaman berikutnya Anda memilih mikrofon; sebelum itu tidak ada yang mendengar Anda.",
  "hand.notNow": "Nanti saja",
  "hand.goUp": "Ke panggung",
} as const;
