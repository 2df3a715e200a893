import type { NetworkErrorKind } from './plugin-state.js';

/** One code of the client room: HTTP status where it ends a request of the page, and Jami's kind where the network failed. */
export interface ClientErrorRow {
  readonly status: number;
  readonly title: string;
  readonly network?: NetworkErrorKind;
}

const network = (kind: NetworkErrorKind, title: string, status = 502): ClientErrorRow => ({
  status,
  title,
  network: kind,
});
const refused = (status: number, title: string): ClientErrorRow => ({ status, title });

/** The way to a server failed, or what came back cannot be used. Each belongs to one of Jami's six kinds. */
export const networkErrorTable = {
  NAME_NOT_RESOLVED: network('DISCONNECTED', 'The server’s name is not known'),
  CONNECTION_REFUSED: network('DISCONNECTED', 'Nothing listens at the server'),
  HOST_UNREACHABLE: network('DISCONNECTED', 'No way to the server'),
  CONNECT_TIMEOUT: network('DISCONNECTED', 'The server does not take the connection'),
  CONNECTION_LOST: network('NETWORK_ERROR', 'The connection broke'),
  SERVER_STALLED: network('NETWORK_ERROR', 'The server stopped sending'),
  TOTAL_TIMEOUT: network('NETWORK_ERROR', 'It took too long', 504),
  TLS_CERTIFICATE_REJECTED: network('SSL_ERROR', 'The server’s certificate is not trusted'),
  TLS_FAILED: network('SSL_ERROR', 'No encrypted connection'),
  NOT_FOUND: network('CONTENT_NOT_FOUND', 'The server does not have it', 404),
  ACCESS_DENIED: network('ACCESS_DENIED', 'The server refuses access'),
  HTTP_STATUS: network('NETWORK_ERROR', 'The server answered with an error'),
  CANCELED: network('CANCELED', 'Canceled', 409),
  CLIENT_CLOSED: network('CANCELED', 'The client was closed', 503),
  REDIRECT_REFUSED: network('NETWORK_ERROR', 'The server redirects where it must not'),
  TOO_MANY_REDIRECTS: network('NETWORK_ERROR', 'The server redirects without end'),
  URL_INVALID: network('NETWORK_ERROR', 'Not an address'),
  URL_INSECURE: network('SSL_ERROR', 'The address is not encrypted'),
  ANSWER_TOO_LARGE: network('NETWORK_ERROR', 'The server sent too much'),
  ANSWER_MALFORMED: network('NETWORK_ERROR', 'The server’s answer cannot be read'),
  ANSWER_ENCODED: network('NETWORK_ERROR', 'The server’s answer is encoded'),
  RANGE_MALFORMED: network('NETWORK_ERROR', 'The server sends the wrong part of a file'),
  LENGTH_UNKNOWN: network('NETWORK_ERROR', 'Nobody knows whether the file is whole'),
  LENGTH_MISMATCH: network('NETWORK_ERROR', 'The server sent another number of bytes'),
  DIGEST_MISMATCH: network('NETWORK_ERROR', 'The file is not the announced one'),
  NETWORK_FAILED: network('NETWORK_ERROR', 'The request failed'),
} as const satisfies Record<string, ClientErrorRow>;

/** Refusals of the client that are not the network's. */
export const localErrorTable = {
  CA_FILE_INVALID: refused(500, 'The file of trusted certificates cannot be used'),
  PROXY_INVALID: refused(500, 'The proxy cannot be used'),
  CACHE_NOT_PRIVATE: refused(500, 'The folder for downloads belongs to somebody else'),
  CACHE_NOT_WRITABLE: refused(500, 'The folder for downloads cannot be used'),
  DISK_FULL: refused(507, 'The disk is full'),
  DOWNLOAD_BUSY: refused(409, 'Another program is downloading it'),
  DAEMON_UNAVAILABLE: refused(503, 'The daemon is not running'),
  DAEMON_ANSWER_INVALID: refused(502, 'The daemon’s answer cannot be read'),
  PLUGIN_ID_INVALID: refused(400, 'Not the id of a plugin'),
  PLUGIN_UNKNOWN: refused(404, 'Neither offered nor installed'),
  PLUGIN_OF_OTHER_STORE: refused(409, 'Installed from another store'),
  SAME_VERSION: refused(409, 'This version is installed'),
  NEWER_INSTALLED: refused(409, 'A newer version is installed'),
  ACTION_NOT_POSSIBLE: refused(409, 'Not possible now'),
  VERSION_NOT_OFFERED: refused(404, 'The store does not offer that version'),
  STORE_NAME_INVALID: refused(400, 'Not a name for a store'),
  STORE_NAME_TAKEN: refused(409, 'A store of that name is configured'),
  STORE_NOT_CONFIGURED: refused(404, 'No such store is configured'),
  STORE_URL_INVALID: refused(400, 'Not the address of a store'),
  STORE_URL_INSECURE: refused(400, 'The store’s address is not encrypted'),
  STORES_FILE_INVALID: refused(500, 'The list of stores cannot be used'),
  STORES_FILE_NOT_READABLE: refused(500, 'The list of stores cannot be read'),
  STORES_FILE_NOT_WRITABLE: refused(500, 'The list of stores cannot be written'),
  ROOT_CERTIFICATE_INVALID: refused(400, 'Not a root certificate'),
  ROOT_DIGEST_INVALID: refused(400, 'Not a digest'),
  ROOT_DIGEST_MISMATCH: refused(409, 'Not the root that was named'),
  CLIENT_FILE_INVALID: refused(500, 'A file of the client cannot be used'),
  CLIENT_FILE_NOT_READABLE: refused(500, 'A file of the client cannot be read'),
  CLIENT_FILE_NOT_WRITABLE: refused(500, 'A file of the client cannot be written'),
  CLIENT_FILE_BUSY: refused(409, 'Another program is changing it'),
} as const satisfies Record<string, ClientErrorRow>;

/** Why an update of the application is not believed, or not run. */
export const applicationErrorTable = {
  APPLICATION_KEY_INVALID: refused(500, 'The application’s key cannot be used'),
  MANIFEST_MALFORMED: refused(502, 'The release cannot be read'),
  MANIFEST_KEY_UNKNOWN: refused(502, 'The release is signed with a foreign key'),
  MANIFEST_SIGNATURE_INVALID: refused(502, 'The signature of the release does not hold'),
  MANIFEST_OF_OTHER_APPLICATION: refused(502, 'The release is one of another application'),
  MANIFEST_OF_OTHER_CHANNEL: refused(502, 'The release is of another channel'),
  MANIFEST_EXPIRED: refused(502, 'The release is no news any more'),
  MANIFEST_GOES_BACK: refused(502, 'The release is older than one shown before'),
  INSTALLER_NOT_OFFERED: refused(404, 'There is no installer for this platform'),
  INSTALLER_CHANGED: refused(409, 'The installer was changed'),
  INSTALLER_NOT_STARTED: refused(500, 'The installer could not be run'),
} as const satisfies Record<string, ClientErrorRow>;

/** Refusals of the host of the user's page. */
export const pageErrorTable = {
  SESSION_REQUIRED: refused(401, 'No session'),
  CODE_REFUSED: refused(403, 'The code of the address does not hold'),
  HOST_REFUSED: refused(421, 'Asked for under another name'),
  ORIGIN_REFUSED: refused(403, 'Asked for by another page'),
  CALLER_REFUSED: refused(403, 'Asked for by another user'),
  ROUTE_NOT_FOUND: refused(404, 'No such address'),
  REQUEST_INVALID: refused(400, 'The request is not well-formed'),
  BODY_TOO_LARGE: refused(413, 'The request is too large'),
  MEDIA_TYPE_UNSUPPORTED: refused(415, 'Not what this address reads'),
  PACKAGE_EMPTY: refused(400, 'The file is empty'),
  PACKAGE_TOO_LARGE: refused(413, 'The file is too large'),
  UPLOAD_BROKEN: refused(400, 'The file did not arrive whole'),
  TOO_MANY_UPLOADS: refused(503, 'Other files are being handed in'),
  TOO_MANY_LISTENERS: refused(503, 'Too many pages are open'),
  IMAGE_NOT_FOUND: refused(404, 'No such image'),
  IMAGE_REFUSED: refused(404, 'The image cannot be shown'),
  TRACE_NOT_FOUND: refused(404, 'Nothing was recorded of it'),
  INTERNAL: refused(500, 'The client failed on its own'),
} as const satisfies Record<string, ClientErrorRow>;

/** Every code of the client room. Closed: a new refusal gets a new row. */
export const clientErrorTable = {
  ...networkErrorTable,
  ...localErrorTable,
  ...applicationErrorTable,
  ...pageErrorTable,
} as const satisfies Record<string, ClientErrorRow>;

export type ClientErrorCode = keyof typeof clientErrorTable;
