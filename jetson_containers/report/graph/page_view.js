"use strict";
// What the page shows. All of it follows from the address: #target=…&package=…&compare=…
// Texts go into the document as text only.

(() => {
  const targets = readPages(JSON.parse(document.getElementById("data").textContent));
  const byName = new Map(targets.map((target) => [target.name, target]));
  const [select, search, unresolved, list, count, detail, home] =
    ["target", "search", "unresolved", "list", "count", "detail", "home"].map(
      (id) => document.getElementById(id));

  function state() {
    const said = new URLSearchParams(location.hash.slice(1));
    return {
      target: byName.get(said.get("target")) || targets[0],
      reference: said.get("package") || "",
      compare: said.getAll("compare"),
    };
  }

  function address(change) {
    const next = {...state(), ...change};
    const said = new URLSearchParams({target: next.target.name});
    if (next.reference) said.set("package", next.reference);
    for (const item of next.compare) said.append("compare", item);
    return "#" + said;
  }

  function h(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.flat().filter((child) => child !== null && child !== ""));
    return made;
  }

  function link(reference, change, words) {
    return h("a", {href: address({reference, ...change})}, words || reference);
  }

  function plural(number, word) {
    return `${number} ${word}${number === 1 ? "" : "s"}`;
  }

  // ---- the list

  function showList() {
    const {target, reference} = state();
    const chosen = meant(target, reference) || reference;
    const found = find(target, search.value)
      .filter((item) => !unresolved.checked || target.problems.has(item));
    const wanted = search.value.trim().toLowerCase();
    const elsewhere = unresolved.checked ? [] : namesElsewhere(target)
      .filter((name) => name.toLowerCase().includes(wanted));
    const extra = unresolved.checked ? [] : target.requests
      .filter((words) => words.toLowerCase().includes(wanted));
    const rows = [
      ...extra.map((words) => row(words, chosen, "")),
      ...found.map((item) => row(item, chosen, target.problems.has(item) ? "unresolved" : "")),
      ...elsewhere.map((name) => row(name, chosen, "absent")),
    ];
    list.replaceChildren(...rows);
    const current = list.querySelector("[aria-current]");
    if (current) list.scrollTop = current.offsetTop - list.offsetTop - list.clientHeight / 2;
    const bad = found.filter((item) => target.problems.has(item)).length;
    count.textContent = [
      plural(found.length, "package"),
      bad ? `${bad} not resolved` : "",
      elsewhere.length ? `${elsewhere.length} for other targets only` : "",
    ].filter(Boolean).join(", ");
  }

  function row(reference, chosen, kind) {
    const mark = {unresolved: "does not resolve", absent: "not for this target"}[kind];
    const current = reference === chosen && "true";
    return h("li", {class: kind},
      h("a", {href: address({reference}), "aria-current": current}, reference,
        mark ? h("span", {class: "mark"}, mark) : ""));
  }

  function namesElsewhere(target) {
    const names = new Set(targets.flatMap((other) => [...other.versions.keys()]));
    for (const reference of target.absent.keys()) names.add(reference.split(":")[0]);
    return [...names].filter((name) => !target.versions.has(name)).sort();
  }

  // ---- one package

  function showPackage() {
    const {target, reference, compare} = state();
    const known = meant(target, reference);
    if (!known) return showAbsent(target, reference);
    const item = target.packages.get(known);
    const chain = target.chains.get(known);
    const problem = target.problems.get(known);
    const rest = compare.filter((one) => meant(target, one) !== known);
    const compared = rest.length < compare.length;
    const others = compared ? rest : [...compare, known];
    return [
      h("h2", {}, known),
      known === reference || !reference.includes(":") ? "" : h("p", {class: "note"}, `${reference} is not on ${target.name}; `
        + "this is what the name means there."),
      item ? facts(target, item) : "",
      problem ? problemBox(problem) : "",
      chain ? h("p", {}, h("a", {class: "button", href: address({reference: known, compare: others})},
        compared ? "Leave out of the comparison" : "Compare this chain")) : "",
      ...compareSection(),
      ...(chain ? chainSection(target, chain) : []),
      ...(item ? needsSection(target, item, chain, problem) : []),
      ...(item ? usersSection(target, known) : []),
      ...targetsSection(known),
    ];
  }

  function facts(target, item) {
    const versions = target.versions.get(item.name);
    return h("dl", {},
      fact("versions", versions.length > 1 || item.version ? versions.flatMap((reference) => {
        const {version, isDefault} = target.packages.get(reference);
        const words = (version || "none") + (isDefault ? " (default)" : "");
        return [reference === item.reference ? h("b", {}, words) : link(reference, {}, words), " "];
      }) : ""),
      fact("group", item.group),
      fact("also called", item.aliases.filter((alias) => alias !== item.name).join(", ")),
      fact("defined in", h("code", {}, item.place)),
      item.stage ? "" : fact("builds", "nothing itself: it collects other packages, or gives files"));
  }

  function fact(word, value) {
    const empty = value === "" || (Array.isArray(value) && !value.length);
    return empty ? "" : h("div", {}, h("dt", {}, word), h("dd", {}, ...[value].flat()));
  }

  function problemBox(problem) {
    return h("div", {class: "problem", role: "note"},
      h("h3", {}, "Does not resolve on this target"),
      h("p", {class: "lines"}, problem.what),
      problem.place ? h("p", {}, h("code", {}, problem.place)) : "",
      problem.hint ? h("p", {class: "lines"}, problem.hint) : "");
  }

  function showAbsent(target, reference) {
    const name = reference.split(":")[0];
    const reasons = [...target.absent].filter(([known]) => known.split(":")[0] === name);
    const problem = target.problems.get(reference);
    return [
      h("h2", {}, reference),
      problem ? problemBox(problem) : h("p", {}, `Not for ${target.name}.`),
      reasons.length ? h("ul", {}, reasons.map(([known, why]) => h("li", {}, `${known}: ${why}`))) : "",
      ...targetsSection(reference),
    ];
  }

  function chainSection(target, chain) {
    const stages = stagesOf(chain).length;
    return [
      h("h3", {}, "Chain in build order"),
      h("p", {}, `${plural(chain.length, "package")}, ${plural(stages, "stage")}. A stage that `
        + "stands in several chains is built once for all of them."),
      h("ol", {class: "chain"}, chain.map((step) => chainItem(target, chain, step))),
    ];
  }

  function chainItem(target, chain, step) {
    const {reference, name, stage} = step.package;
    const passes = target.passes.get(step);
    const reasons = reasonsFor(chain, name);
    const [first, ...more] = reasons.map(reasonLine);
    return h("li", {},
      link(reference), " ",
      h("span", {class: "note"},
        stage ? (passes > 1 ? `in ${passes} chains` : "in this chain only") : "no stage of its own"),
      first ? h("div", {class: "because"}, first) : h("div", {class: "because"}, "asked for"),
      more.length ? h("details", {}, h("summary", {}, `and ${plural(more.length, "more requirement")}`),
        more.map((line) => h("div", {class: "because"}, line))) : "");
  }

  function reasonLine({user, words, place}) {
    return h("span", {}, link(user), " requires ", h("code", {}, words), " in ", h("code", {}, place));
  }

  function needsSection(target, item, chain, problem) {
    if (!item.needs.length) return [h("h3", {}, "Needs"), h("p", {}, "Nothing.")];
    return [
      h("h3", {}, "Needs"),
      h("ul", {}, directNeeds(item, chain, problem).map((need) => {
        const other = need.reference ? "" : meant(target, need.name);
        return h("li", {}, need.reference ? link(need.reference)
          : h("span", {class: "bad"}, `no ${need.name} here`),
          " as ", h("code", {}, need.words), " in ", h("code", {}, need.place),
          ...(other ? ["; what is here is ", link(other)] : []));
      })),
    ];
  }

  function usersSection(target, reference) {
    const users = directUsers(target, reference);
    const shown = users.filter((user) => user.isDefault);
    const rest = users.length - shown.length;
    const items = (some) => h("ul", {class: "users"}, some.map((user) => h("li", {},
      link(user.reference), " as ", h("code", {}, user.words), " in ", h("code", {}, user.place))));
    if (!users.length) return [h("h3", {}, "Needed by"), h("p", {}, "No package directly.")];
    return [
      h("h3", {}, "Needed by"),
      shown.length ? items(shown) : "",
      rest ? h("details", {}, h("summary", {}, `${plural(rest, "version")} that no bare name means`),
        items(users.filter((user) => !user.isDefault))) : "",
    ];
  }

  function targetsSection(reference) {
    const here = state().target;
    return [
      h("h3", {}, "On the targets"),
      h("ul", {class: "targets"}, targets.map((target) => {
        const known = meant(target, reference);
        const chain = known && target.chains.get(known);
        const kind = chain ? "fine" : known ? "unresolved" : "absent";
        const words = chain ? `${known}, ${plural(stagesOf(chain).length, "stage")}`
          : known || target.problems.has(reference) ? "does not resolve" : "not for it";
        return h("li", {class: kind},
          h("a", {href: address({target}), "aria-current": target === here && "true"}, target.name),
          h("span", {}, words));
      })),
    ];
  }

  // ---- several chains

  function compareSection() {
    const {target, compare} = state();
    const chosen = compare.map((reference) => meant(target, reference));
    const known = [...new Set(chosen)].filter((item) => target.chains.has(item));
    if (!compare.length) return [];
    const chains = known.map((reference) => target.chains.get(reference));
    const {owners, common, alone, together} = compareChains(chains);
    const lost = compare.filter((_, index) => !target.chains.has(chosen[index]));
    return [
      h("section", {class: "compare", "aria-label": "Comparison"},
        h("h3", {}, "Comparison"),
        h("ul", {class: "chips"}, known.map((reference) => h("li", {},
          link(reference, {}), " ",
          h("a", {
            href: address({compare: compare.filter((one) => meant(target, one) !== reference)}),
            "aria-label": `leave out ${reference}`,
          }, "×")))),
        lost.length ? h("p", {class: "note"}, `without a chain on ${target.name}: ${lost.join(", ")}`) : "",
        known.length < 2 ? h("p", {}, "Choose another package, and compare its chain too.") : [
          h("p", {}, h("b", {}, `${plural(together, "stage")} together`),
            `, ${alone} if each chain is built alone. All of them begin with the same `
            + `${plural(stagesOf(common).length, "stage")}.`),
          h("p", {class: "flow"}, common.map((step) => link(step.package.reference))),
          h("div", {class: "branches"}, chains.map((chain, index) => branch(
            known[index], chain.slice(common.length), common.length + 1, owners))),
        ]),
    ];
  }

  function branch(reference, rest, start, owners) {
    return h("div", {}, h("h4", {}, reference),
      h("ol", {start}, rest.map((step) => h("li", {},
        link(step.package.reference),
        owners.get(step) > 1 ? h("span", {class: "mark"}, `shared by ${owners.get(step)}`) : ""))),
      rest.length ? "" : h("p", {class: "note"}, "nothing more"));
  }

  // ---- everything

  function showOverview() {
    const {target} = state();
    const stages = [...target.passes].filter(([step, passes]) => step.package.stage && passes > 1)
      .sort(([, one], [, other]) => other - one).slice(0, 30);
    return [
      h("h2", {}, "What resolves where"),
      h("div", {class: "wide", tabindex: "0", role: "region", "aria-label": "What resolves where"}, h("table", {},
        h("thead", {}, h("tr", {}, ["target", "packages", "not resolved", "not for it",
          "stages, each chain alone", "stages, shared"].map((word) => h("th", {scope: "col"}, word)))),
        h("tbody", {}, targets.map(overviewRow)))),
      h("p", {class: "note"}, "Packages are counted by name, stages over the default version of each."),
      h("h3", {}, `What most chains on ${target.name} share`),
      h("ol", {class: "chain"}, stages.map(([step, passes]) => h("li", {},
        link(step.package.reference), " ", h("span", {class: "note"}, `in ${passes} chains`)))),
    ];
  }

  function overviewRow(target) {
    const defaults = [...target.versions.values()].map((versions) => versions[0]);
    const bad = defaults.filter((reference) => target.problems.has(reference));
    const {alone, together} = compareChains(
      defaults.filter((item) => target.chains.has(item)).map((item) => target.chains.get(item)));
    const cells = [defaults.length, bad.length, namesElsewhere(target).length, alone, together];
    return h("tr", {"aria-current": target === state().target && "true"},
      h("th", {scope: "row"}, h("a", {href: address({target})}, target.name)),
      cells.map((value) => h("td", {}, String(value))));
  }

  // ---- the page

  function show() {
    const {target, reference} = state();
    select.value = target.name;
    home.href = address({reference: "", compare: []});
    document.title = reference ? `${reference} on ${target.name}` : `Packages for ${target.name}`;
    showList();
    const parts = reference ? showPackage() : [...compareSection(), ...showOverview()];
    detail.replaceChildren(...parts.filter((part) => part !== ""));
  }

  select.append(...targets.map((target) => h("option", {value: target.name}, target.name)));
  select.addEventListener("change", () => {
    location.hash = address({target: byName.get(select.value)});
  });
  search.addEventListener("input", showList);
  unresolved.addEventListener("change", showList);
  search.addEventListener("keydown", (event) => {
    const first = list.querySelector("a");
    if (first && event.key === "Enter") first.click();
    if (first && event.key === "ArrowDown") first.focus();
    if (first && ["Enter", "ArrowDown"].includes(event.key)) event.preventDefault();
  });
  list.addEventListener("keydown", (event) => {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (!step) return;
    const links = [...list.querySelectorAll("a")];
    (links[links.indexOf(document.activeElement) + step] || search).focus();
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.matches("input, select")) return;
    search.focus();
    event.preventDefault();
  });
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    detail.focus();
  });
  window.addEventListener("hashchange", () => {
    const [fromList, fromDetail] = [list, detail].map((part) => part.contains(document.activeElement));
    show();
    detail.scrollTop = 0;
    // what had the focus was drawn anew
    const current = list.querySelector("[aria-current]");
    if (fromList && current) current.focus({preventScroll: true});
    if (fromDetail) detail.focus({preventScroll: true});
    // in one column the package stands below the list
    if (detail.offsetTop > search.offsetTop + search.offsetHeight) detail.scrollIntoView();
  });
  show();
})();
