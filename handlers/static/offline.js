/* Stands where a page couldn't be had: loads that page when the network is back, or when asked to. */

const again = () => location.reload();

document.getElementById("again").addEventListener("click", again);
addEventListener("online", again);
