export default {
  "level.title": "Tingkat layanan",
  "level.name.0": "0 · Terbuka",
  "level.name.1": "1 · Tenang",
  "level.name.2": "2 · Ringan",
  "level.name.3": "3 · Berdiri",
  "level.name.4": "4 · Halaman tetap",
  "level.means.0": "Semua yang datang langsung mendengarkan.",
  "level.means.1": "Semua yang datang langsung mendengarkan; halaman dan pemutarnya lebih jarang bertanya.",
  "level.means.2": "Semua yang datang langsung mendengarkan; pendatang baru mendapat separuh laju bit.",
  "level.means.3":
    "Yang mendengarkan terus mendengarkan. Pendatang baru membaca dan mengantre; mereka masuk begitu ada tempat.",
  "level.means.4":
    "Yang mendengarkan terus mendengarkan. Tidak ada pendengar baru; pendatang mendapat satu halaman tentang yang terjadi.",
  "level.cause.loop-lag": "Server terlambat mengerjakan tugasnya, sejak",
  "level.cause.cpu": "Prosesor server hampir penuh, sejak",
  "level.cause.connections": "Hampir semua koneksi terpakai, sejak",
  "level.cause.memory": "Memori server hampir penuh, sejak",
  "level.cause.egress": "Jalur keluar hampir penuh, sejak",
  "level.cause.by-hand": "Diminta seorang tuan rumah, sejak",
  "level.cause.edges": "Banyak server tepi penuh, sejak",
  "level.cause.calm": "Semuanya tenang, sejak",
  "level.asked": "Sekurang-kurangnya",
  "level.set": "Tetapkan",
  "level.onlyRaises":
    "Server menentukan tingkat dari yang diukurnya. Di sini tingkat dapat dinaikkan, tidak diturunkan.",
} as const;
