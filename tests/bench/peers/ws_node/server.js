// One message to every socket with Node's ws, driven on stdin like the other servers that are measured.
'use strict';
const http = require('node:http');
const readline = require('node:readline');
const { WebSocketServer } = require('ws');

const PADDING = 'x'.repeat(120);
let offset = 0;

const server = http.createServer();
const sockets = new WebSocketServer({ server, path: '/ws' });

function publish(count) {
  for (let i = 0; i < count; i++) {
    offset += 1;
    const event = {
      type: 'new_data', offset, cursor: `0123456789abcdef-${offset}`, at: '2026-11-20T12:00:00.123Z',
      t: 0, platform: 'spotify', count: 50, message: PADDING,
    };
    const text = JSON.stringify(event).replace('"t":0', `"t":${process.hrtime.bigint()}`);
    const data = Buffer.from(text);
    for (const socket of sockets.clients) socket.send(data, { binary: false });
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const orders = {
  async each({ events }) {
    for (let i = 0; i < events; i++) { publish(1); await turn(); }
  },
  async burst({ events }) { publish(events); await turn(); },
  async paced({ events, per_second }) {
    const began = performance.now();
    for (let i = 0; i < events; i++) {
      await pause(Math.max(0, began + (i * 1000) / per_second - performance.now()));
      publish(1);
    }
  },
};

const answer = (values) => process.stdout.write(JSON.stringify(values) + '\n');

server.listen(0, '127.0.0.1', 4096, () => answer({ port: server.address().port, token: '' }));
readline.createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const order = JSON.parse(line);
    await orders[order.do](order);
    answer({ done: true, stall_ms: 0, own_stall_ms: 0 });
  })
  .on('close', () => process.exit(0));
