export default {
  "problem.unknown": "Terjadi masalah di halaman ini. Muat ulang lalu coba lagi.",
  "problem.offline": "Server tidak menjawab. Periksa koneksi Anda lalu coba lagi.",
  "problem.signedOut": "Anda sudah keluar. Masuk lalu coba lagi.",
  "problem.forbidden": "Peran Anda tidak mengizinkan ini.",
  "problem.busy": "Server sedang sibuk. Coba lagi sebentar lagi.",
  "problem.server": "Server mengalami gangguan. Coba lagi; jika berlanjut, beri tahu pengelolanya.",
} as const;
