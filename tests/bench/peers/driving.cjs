// What the servers in Node have in common: they are told on stdin what to publish, and answer on stdout.
'use strict';
const readline = require('node:readline');

const PADDING = 'x'.repeat(120);
let offset = 0;

/** The next event, as every server sends it: about 250 bytes. The clock is what Python calls monotonic. */
function nextEvent() {
  offset += 1;
  return {
    type: 'new_data', offset, cursor: `0123456789abcdef-${offset}`, at: '2026-11-20T12:00:00.123Z',
    t: Number(process.hrtime.bigint()), platform: 'spotify', count: 50, message: PADDING,
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const answer = (values) => process.stdout.write(JSON.stringify(values) + '\n');

function serve(server, publish) {
  const orders = {
    async each({ events }) {
      for (let i = 0; i < events; i++) { publish(); await turn(); }
    },
    async burst({ events }) {
      for (let i = 0; i < events; i++) publish();
      await turn();
    },
    async paced({ events, per_second }) {
      const began = performance.now();
      for (let i = 0; i < events; i++) {
        await pause(Math.max(0, began + (i * 1000) / per_second - performance.now()));
        publish();
      }
    },
  };
  server.listen(0, '127.0.0.1', 4096, () => answer({ port: server.address().port, token: '' }));
  readline.createInterface({ input: process.stdin })
    .on('line', async (line) => {
      const order = JSON.parse(line);
      await orders[order.do](order);
      answer({ done: true, stall_ms: 0, own_stall_ms: 0 });
    })
    .on('close', () => process.exit(0));
}

module.exports = { nextEvent, serve };
