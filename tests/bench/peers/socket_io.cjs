// socket.io, WebSocket only. Its pings are put off, as all servers' are: readers that only count answer none.
'use strict';
const http = require('node:http');
const { Server } = require('socket.io');
const { nextEvent, serve } = require('./driving.cjs');

const server = http.createServer();
const io = new Server(server, { transports: ['websocket'], pingInterval: 3_600_000, serveClient: false });

serve(server, () => io.emit('new_data', nextEvent()));
