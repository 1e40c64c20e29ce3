export default {
  "problem.unknown": "Something went wrong on this page. Reload it and try again.",
  "problem.offline": "The server did not answer. Check your connection and try again.",
  "problem.signedOut": "You are signed out. Sign in and try again.",
  "problem.forbidden": "Your role does not allow this.",
  "problem.busy": "The server is busy. Try again in a moment.",
  "problem.server": "The server met a fault. Try again; if it goes on, tell whoever runs it.",
} as const;
