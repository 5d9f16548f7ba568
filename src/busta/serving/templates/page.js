// Comfort only: the edge follows the price that is typed, a form is sent once, what was done is in sight.
(() => {
  const decimal = (typed) => {
    const text = typed.trim().replace("\u2212", "-");
    const fraction = /^(\d+(?:\.\d+)?)\s*\/\s*(\d+(?:\.\d+)?)$/.exec(text);
    if (fraction) return 1 + fraction[1] / fraction[2];
    if (/^evens?$/i.test(text)) return 2;
    if (!/^[+-]?\d+(\.\d+)?$/.test(text)) return NaN;
    const number = Number(text);
    if (!/^[+-]/.test(text) && number < 100) return number > 1 ? number : NaN;
    if (Math.abs(number) < 100) return NaN;
    return 1 + (number > 0 ? number / 100 : -100 / number);
  };
  for (const form of document.querySelectorAll("form.record")) {
    const { win, lose } = form.dataset;
    const output = form.querySelector("output");
    form.elements.price.addEventListener("input", () => {
      const edge = 100 * (win * (decimal(form.elements.price.value) - 1) - lose);
      output.textContent = Number.isFinite(edge) ? `${edge < 0 ? "\u2212" : "+"}${Math.abs(edge).toFixed(1)}%` : "\u2013";
    });
  }
  for (const form of document.querySelectorAll("form[method=post]"))
    form.addEventListener("submit", () => { for (const each of form.querySelectorAll("button")) each.disabled = true; });
})();
