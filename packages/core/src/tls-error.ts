const codes = /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** True for an error of Node's TLS layer, of OpenSSL, or of the check of a certificate, which another attempt does not mend. */
export function isTlsError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.test(error.code);
}
