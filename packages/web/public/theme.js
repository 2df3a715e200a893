// Before the first paint: the theme that was chosen, so that a dark page does not flash white.
try {
  const theme = localStorage.getItem('theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Without storage the system's theme counts.
}
