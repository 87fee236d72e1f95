// Loaded before the first paint, as a classic script, so that a chosen theme never flashes.
(() => {
  const asked = new URLSearchParams(location.search).get("theme");
  let kept = null;
  try {
    kept = localStorage.getItem("stockbell-theme");
  } catch {
    // Storage may be forbidden; then the system's preference holds.
  }
  const theme = asked || kept;
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
})();
