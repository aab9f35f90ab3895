// Compiled only: what an app in TypeScript writes, and what the types don't let pass.

import { CODES, connect, type Client, type Status } from "soulwire-client";
import { onUpdate, register, requestSync, subscribePush } from "soulwire-client/background";
import { provide, type SoulwireNotifications } from "soulwire-client/elements";
import { SoulwireProvider, useRealtimeNotifications, useServerSentEvents, useWebSocket } from "soulwire-client/react";
import { useConnectionHeartbeat, useServiceWorker, useStreamProgress } from "soulwire-client/react";

const client: Client = connect({
  url: "https://soulwire.example",
  userId: "ada",
  storage: sessionStorage,
  getToken: async ({ why }) => (why === "refused" ? null : "token"),
});
provide(client);
const panel: SoulwireNotifications | null = document.querySelector("soulwire-notifications");
if (panel) panel.client = client;
const card = document.querySelector("soulwire-stream-card");
if (card) card.connection = { platform: "github", status: "connected", last_sync: null };
void register().then(async (registration) => {
  const subscription: PushSubscription | null = await subscribePush(registration, { token: "token" });
  if (registration && (await requestSync(registration))) onUpdate(registration, (activate) => activate());
  return subscription;
});

const off: () => void = client.on("new_data", ({ platform, dataType, count }) => {
  const line: string = `${count + 1} ${dataType} ${platform.toUpperCase()}`;
  console.log(line);
});
client.on("extraction_progress", ({ progress }) => progress.toFixed());
client.on("my_own_event", (event) => event.offset + 1);
client.on("*", ({ type, at }) => `${type} ${at}`);
client.onStatus(({ state, transport, code }: Status) => state === "live" && transport === "sse" && code === CODES.LOST);
client.onReload((reason) => reason.length);
client.onPulse(({ heardAt, roundTrip }) => (heardAt ?? 0) + (roundTrip ?? 0));
const sent: boolean = client.send({ type: "ping" });
off();
client.reconnect();
client.close();

// @ts-expect-error there is no such option
connect({ tokens: "abc" });
// @ts-expect-error a count is a number
client.on("new_data", ({ count }) => count.toUpperCase());
// @ts-expect-error there is no such state
client.onStatus(({ state }) => state === "closed");
// @ts-expect-error a message has a type
client.send({ page: "/" });
// @ts-expect-error what it is cannot be changed
client.status.state = "live";

export function Panel() {
  const { connected, lastEvent } = useServerSentEvents("ada", { onEvent: ({ offset }) => console.log(offset, sent) });
  const { status, send } = useWebSocket();
  const { notifications, unreadCount, markAsRead } = useRealtimeNotifications();
  const { progress } = useStreamProgress("github/events");
  const { roundTrip } = useConnectionHeartbeat();
  const { requestSync } = useServiceWorker({ url: "/service-worker.js" });
  // @ts-expect-error the user's id is needed
  useServerSentEvents();
  return (
    <SoulwireProvider getToken={() => "token"} userId="ada">
      {connected && lastEvent?.type} {status} {unreadCount} {progress?.toFixed()} {roundTrip}
      {notifications.map(({ id, title }) => (
        <button key={id} onClick={() => markAsRead(id) ?? send({ type: "read" }) ?? requestSync()}>
          {title}
        </button>
      ))}
    </SoulwireProvider>
  );
}
