/** What one request may have at most; docs/http.md lists it from here. */

/** Bytes of a request's line and headers together. */
export const HEADER_BYTES = 16_384
/** Headers of a request: all of them count, and none is dropped. */
export const HEADERS = 500
/** Bytes of a body. */
export const BODY_BYTES = 65_536
/** Fields of a form: far more than any route takes. */
export const FORM_FIELDS = 100
