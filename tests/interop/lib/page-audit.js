// Evaluated in a page by page-in-browser; its value is a list of faults.
(() => {
	const faults = [];
	const fault = (what, e, why) =>
		faults.push(`${what}: <${e.nodeName.toLowerCase()} class="${e.getAttribute("class") || ""}"> ` +
			    `${e.textContent.trim().slice(0, 60)}: ${why}`);
	const seen = (e) => e.checkVisibility() && e.getClientRects().length > 0;

	// ---- contrast, as WCAG 2 computes it ----
	const rgba = (text) => {
		const n = text.match(/[\d.]+/g).map(Number);
		return n.length < 4 ? [...n, 1] : n;
	};
	const luminance = (c) => {
		const l = c.slice(0, 3).map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2];
	};
	const contrast = (a, b) => {
		const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
		return (x + 0.05) / (y + 0.05);
	};
	// What is painted behind: the nearest opaque background, or the last shape drawn below in a picture.
	const behind = (e) => {
		if (e.closest("svg")) {
			const r = e.getBoundingClientRect(), x = r.left + Math.min(2, r.width / 2), y = (r.top + r.bottom) / 2;
			const below = [...e.closest("svg").querySelectorAll("rect")].filter((s) => {
				const b = s.getBoundingClientRect();
				return s.compareDocumentPosition(e) & 4 && b.left <= x && x <= b.right && b.top <= y && y <= b.bottom;
			});
			if (below.length)
				return rgba(getComputedStyle(below[below.length - 1]).fill);
		}
		for (; e; e = e.parentElement) {
			const c = rgba(getComputedStyle(e).backgroundColor);
			if (c[3] === 1)
				return c;
		}
		return [255, 255, 255, 1];
	};
	for (const e of document.body.querySelectorAll("*")) {
		const has_text = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
		if (!has_text || !seen(e))
			continue;
		const style = getComputedStyle(e);
		const ratio = contrast(rgba(e.closest("svg") ? style.fill : style.color), behind(e));
		if (ratio < 4.5)
			fault("contrast", e, ratio.toFixed(2));
		if (parseFloat(style.fontSize) < 11.5)
			fault("small text", e, style.fontSize);
	}
	// What is drawn with a line only has to stand out 3 to 1.
	for (const e of document.querySelectorAll("svg .edge, svg .task, svg .lock, svg .part[height]")) {
		const back = rgba(getComputedStyle(document.body).backgroundColor);
		const ratio = contrast(rgba(getComputedStyle(e).stroke), back);
		if (ratio < 3)
			fault("contrast of a line", e, ratio.toFixed(2));
	}

	// ---- places ----
	if (document.documentElement.scrollWidth > innerWidth)
		faults.push(`the page is ${document.documentElement.scrollWidth} wide, the window ${innerWidth}`);
	for (const e of document.body.querySelectorAll("h1, h2, p, li, td, th, summary, code, .tag")) {
		if (!seen(e) || e.closest("svg") || e.closest(".scroll, .numbers, pre"))
			continue;
		const r = e.getBoundingClientRect();
		if (r.right > innerWidth + 1 || r.left < -1)
			fault("outside", e, `${r.left} to ${r.right}`);
	}
	const overlap = (a, b) =>
		a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
	for (const svg of document.querySelectorAll("svg")) {
		const frame = svg.getBoundingClientRect();
		const boxes = [...svg.querySelectorAll(".task, .lock")].map((e) => [e, e.getBoundingClientRect()]);
		const texts = [...svg.querySelectorAll("text")].map((e) => [e, e.getBoundingClientRect()]);
		boxes.forEach(([e, r], i) => boxes.slice(i + 1).forEach(([, other]) => {
			if (overlap(r, other))
				fault("boxes overlap", e, "");
		}));
		texts.forEach(([e, r], i) => {
			if (r.right > frame.right + 1 || r.bottom > frame.bottom + 1 || r.left < frame.left - 1)
				fault("text outside of its picture", e, "");
			// A line of a box stays in its box; a word at an arrow stays out of boxes.
			const own = boxes.find(([, b]) => overlap(r, b));
			if (own && (r.right > own[1].right + 1 || r.left < own[1].left - 1))
				fault("text over the edge of a box", e, `${r.right} > ${own[1].right}`);
			texts.slice(i + 1).forEach(([other, o]) => {
				if (overlap(r, o) && Math.min(r.bottom, o.bottom) - Math.max(r.top, o.top) > 4)
					fault("texts overlap", e, other.textContent);
			});
		});
	}
	const blocks = [...document.querySelectorAll("body > *, section > *, tbody > tr, .strip > li")].filter(seen);
	for (const e of blocks) {
		const next = e.nextElementSibling;
		if (next && seen(next) && overlap(e.getBoundingClientRect(), next.getBoundingClientRect()))
			fault("overlaps the next", e, "");
	}

	// ---- nothing by colour alone ----
	for (const e of document.querySelectorAll("rect.ring, .cpu.panicked"))
		if (!(parseFloat(getComputedStyle(e).strokeWidth) >= 2 || parseFloat(getComputedStyle(e).borderTopWidth) >= 2))
			fault("only its colour differs", e, "");
	for (const e of document.querySelectorAll("mark"))
		if (!/\u25b6/.test(getComputedStyle(e, "::before").content) || getComputedStyle(e).fontWeight < 600)
			fault("only its colour differs", e, "");
	for (const e of document.querySelectorAll("svg .held"))
		if (getComputedStyle(e).strokeDasharray === "none")
			fault("only its colour differs", e, "");
	for (const svg of document.querySelectorAll("svg"))
		if (!svg.getAttribute("aria-label") && svg.getAttribute("aria-hidden") !== "true")
			fault("a picture without a text", svg, "");
	return faults;
})()
