// npm `ws`: one line for each message; comes back with its cursor. node ws.js URL TOKEN
import WebSocket from "ws";

const [url, token] = process.argv.slice(2);
let cursor = null;

function connect() {
  const query = cursor ? `?cursor=${cursor}` : "";
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws${query}`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  socket.on("message", (data) => {
    const message = JSON.parse(data);
    cursor = message.cursor ?? cursor;
    console.log(JSON.stringify(message));
  });
  socket.on("error", () => {}); // a close follows
  socket.on("close", () => setTimeout(connect, 100));
}

connect();
