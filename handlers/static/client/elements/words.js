/* How things are called, and how long ago they were. */

export const TITLES = {
  github: "GitHub",
  gmail: "Gmail",
  slack: "Slack",
  spotify: "Spotify",
  youtube: "YouTube",
  discord: "Discord",
  calendar: "Google Calendar",
  linkedin: "LinkedIn",
};
export const STATES = { live: "Live", connecting: "Connecting …", offline: "Offline", error: "Not connected" };
export const TRANSPORTS = { websocket: "WebSocket", sse: "server-sent events", polling: "polling" };

const STEPS = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", Infinity],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export const title = (platform) => TITLES[platform] ?? platform ?? "";
export const exactly = (at) => exact.format(new Date(at));

/** "3 minutes ago". Less than ten seconds is "just now". */
export function ago(at, now = Date.now()) {
  let amount = Math.max(0, (now - new Date(at).getTime()) / 1000);
  if (amount < 10) return "just now";
  for (const [unit, size] of STEPS) {
    if (amount < size) return relative.format(-Math.floor(amount), unit);
    amount /= size;
  }
}

/** The sentence of an event. */
export function sentence(event) {
  const said = typeof event.message === "string" ? event.message : "";
  return said || [event.who, event.what, event.where].filter(Boolean).join(" ") || event.title || event.hint || event.type.replaceAll("_", " ");
}

/** Only what leads somewhere on the web: an event's address comes from outside. */
export const webAddress = (url) => (/^https?:\/\//.test(url ?? "") ? url : null);
