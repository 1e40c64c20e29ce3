export default {
  "problem.unknown": "Un problème est survenu sur cette page. Rechargez-la et réessayez.",
  "problem.offline": "Le serveur n’a pas répondu. Vérifiez votre connexion et réessayez.",
  "problem.signedOut": "Vous êtes déconnecté. Connectez-vous et réessayez.",
  "problem.forbidden": "Votre rôle ne le permet pas.",
  "problem.busy": "Le serveur est très sollicité. Réessayez dans un instant.",
  "problem.server": "Le serveur a rencontré une panne. Réessayez ; si cela continue, prévenez la personne qui le gère.",
} as const;
