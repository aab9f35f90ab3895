/* All custom elements. `provide(client)` says whose events they show. */

export { provide } from "./base.js";
export { SoulwireStatus } from "./status.js";
export { SoulwireProgress } from "./progress.js";
export { SoulwireStreamCard } from "./streamcard.js";
export { SoulwireNotifications } from "./notifications.js";
export { SoulwireRealtime } from "./realtime.js";
