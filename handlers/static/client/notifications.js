/* The notifications that came since the page was opened, newest first, and which of them were read here. */

const MOST = 200;
export const NOTHING = Object.freeze({ notifications: Object.freeze([]), unreadCount: 0 });

export class Notifications {
  #listeners = new Set();
  snapshot = NOTHING;

  constructor(client) {
    client.on("notification", (event) => this.#add(event));
  }

  onChange(fn) {
    this.#listeners.add(fn);
    return () => this.#listeners.delete(fn);
  }

  markAsRead(id) {
    this.#change(this.snapshot.notifications.map((one) => (one.id === id ? { ...one, read: true } : one)));
  }

  markAllAsRead() {
    this.#change(this.snapshot.notifications.map((one) => ({ ...one, read: true })));
  }

  dismiss(id) {
    this.#change(this.snapshot.notifications.filter((one) => one.id !== id));
  }

  /** One that is told again under the same id takes the old one's place. */
  #add(event) {
    const id = event.id ?? event.cursor;
    const others = this.snapshot.notifications.filter((one) => one.id !== id);
    this.#change([{ ...event, id, read: false }, ...others].slice(0, MOST));
  }

  #change(notifications) {
    const unreadCount = notifications.filter((one) => !one.read).length;
    this.snapshot = Object.freeze({ notifications: Object.freeze(notifications), unreadCount });
    for (const fn of [...this.#listeners]) fn();
  }
}
