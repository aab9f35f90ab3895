/* A switch for this page's network, to be thrown before the client is made: what is open breaks, what is tried fails. */

const { WebSocket: RealSocket, fetch: realFetch } = globalThis;
const sockets = new Set();
let cable = new AbortController();
let there = true;

class CuttableSocket extends RealSocket {
  constructor(...how) {
    super(...how);
    sockets.add(this);
    this.addEventListener("close", () => sockets.delete(this));
    if (!there) queueMicrotask(() => breakOff(this));
  }
}

/** As the browser tells of a connection that went away without a word. */
function breakOff(socket) {
  sockets.delete(socket);
  socket.close();
  socket.dispatchEvent(new CloseEvent("close", { code: 1006 }));
}

globalThis.WebSocket = CuttableSocket;
globalThis.fetch = (request, more) => {
  if (!there) return Promise.reject(new TypeError("The network is cut."));
  const signal = more?.signal ? AbortSignal.any([more.signal, cable.signal]) : cable.signal;
  return realFetch(request, { ...more, signal });
};
Object.defineProperty(navigator, "onLine", { get: () => there });

export function setNetwork(on) {
  there = on;
  if (!there) {
    cable.abort(new TypeError("The network was cut."));
    cable = new AbortController();
    for (const socket of [...sockets]) breakOff(socket);
  }
  dispatchEvent(new Event(there ? "online" : "offline"));
}
