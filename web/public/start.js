// Sets the look before the first paint: a bright flash at night costs the eyes minutes.
(function () {
  var look = 'night';
  try {
    look = localStorage.getItem('muster.look') || 'night';
  } catch (blocked) {
    // Storage is blocked: night it is.
  }
  if (look === 'device') {
    look = matchMedia('(prefers-color-scheme: light)').matches ? 'bright' : 'night';
  }
  document.documentElement.dataset.look = look;
})();
