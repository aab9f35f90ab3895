// The client outside a browser: a line for each change of its state and each event, and each line that it reads makes
// it try again. node soulwire.js URL TOKEN CURSOR
import { createInterface } from "node:readline";
import WebSocket from "ws";
import { connect } from "../../../handlers/static/client/soulwire.js";

globalThis.WebSocket ??= WebSocket;
const [url, token, cursor] = process.argv.slice(2);
const say = (what) => console.log(JSON.stringify(what));

const client = connect({ url, cursor, getToken: () => token });
client.onStatus(({ state, transport, code }) => say({ state, transport, code }));
client.on("notification", ({ title }) => say({ title }));
createInterface({ input: process.stdin }).on("line", () => client.reconnect());
