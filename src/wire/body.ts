/** The most bytes the body of an API request may have; an edge refuses more before control hears of it. */
export const maxBodyBytes = 64 * 1024;
