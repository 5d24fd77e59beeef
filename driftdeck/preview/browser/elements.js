"use strict";
// Elements of the page. The files of this folder are one script, in the order of page.py.

const PAGE = JSON.parse(document.getElementById("page").textContent);

function el(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter(child => child !== null));
  return element;
}

// Data may hold anything: an address that would run a script leads nowhere.
function harmless(url) {
  try {
    const scheme = new URL(url, location.href).protocol;
    return ["http:", "https:", "mailto:", "file:", "about:"].includes(scheme) ? url : "about:blank";
  } catch {
    return "about:blank";
  }
}

function select(options, value, change) {
  const list = el("select", {onchange: () => change(list.value)},
    ...options.map(([text, value]) => el("option", {value, textContent: text})));
  list.value = value;
  return list;
}
