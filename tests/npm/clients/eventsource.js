// npm `eventsource`: one line for each event; it comes back by itself. node eventsource.js URL TOKEN
import { EventSource } from "eventsource";

const [url, token] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${token}` };
const bearing = (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...headers } });
const source = new EventSource(`${url}/api/sse/stream`, { fetch: bearing });

for (const type of ["authenticated", "note"]) {
  source.addEventListener(type, ({ data }) => console.log(data));
}
