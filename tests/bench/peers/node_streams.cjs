// What one writes in Node: Express with `ws` beside it, and `res.write` for each event stream.
'use strict';
const http = require('node:http');
const express = require('express');
const { WebSocketServer } = require('ws');
const { nextEvent, serve } = require('./driving.cjs');

const app = express();
const streams = new Set();
app.get('/api/sse/stream', (request, response) => {
  request.socket.setNoDelay(true);
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  response.flushHeaders();
  streams.add(response);
  response.on('close', () => streams.delete(response));
});

const server = http.createServer(app);
const sockets = new WebSocketServer({ server, path: '/ws' });

serve(server, () => {
  const event = nextEvent();
  const text = JSON.stringify(event);
  const data = Buffer.from(text);
  for (const socket of sockets.clients) socket.send(data, { binary: false });
  if (streams.size) {
    const block = Buffer.from(`id: ${event.cursor}\nevent: new_data\ndata: ${text}\n\n`);
    for (const stream of streams) stream.write(block);
  }
});
