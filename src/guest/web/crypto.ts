/**
 * The object without its members: a component has those that its code uses.
 *
 * @see https://w3c.github.io/webcrypto/#crypto-interface
 */
export const crypto = {
  get [Symbol.toStringTag](): string {
    return "Crypto";
  },
};
