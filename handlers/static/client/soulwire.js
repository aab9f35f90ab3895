/* What pages import; README.md has the rest. */

export { connect, Client } from "./client.js";
export { CODES } from "./codes.js";
export { STATES } from "./states.js";
