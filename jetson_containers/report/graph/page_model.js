"use strict";
// What the page knows: the data that page.py wrote, and the questions that can be asked of it.
// A chain is a way through a tree of stages, from its root; chains share what they have in common.

function readPages(data) {
  const text = (index) => data.strings[index];
  const needs = data.needs.map(([name, words, place]) => (
    {name: text(name), words: text(words), place: text(place)}));
  const packages = data.packages.map(([name, version, group, path, place, flags, aliases, wants]) => ({
    name: text(name),
    version: text(version),
    reference: text(version) ? text(name) + ":" + text(version) : text(name),
    group: text(group),
    path: text(path),
    place: text(place),
    stage: (flags & 1) !== 0,
    isDefault: (flags & 2) !== 0,
    aliases: aliases.map(text),
    needs: wants.map((index) => needs[index]),
  }));
  const steps = [null];
  for (let index = 0; index < data.tree.length; index += 2) {
    steps.push({
      id: steps.length,
      below: steps[data.tree[index]],
      package: packages[data.tree[index + 1]],
    });
  }
  return data.targets.map((target) => readTarget(target, packages, steps, text));
}

function readTarget(target, packages, steps, text) {
  const here = {
    name: text(target.name),
    chains: new Map(),    // reference or words of a request -> steps from the base upwards
    packages: new Map(),  // reference -> package
    problems: new Map(),  // reference or words -> {what, place, hint, satisfied}
    absent: new Map(),    // reference -> reasons
    versions: new Map(),  // name -> references, the default first
    passes: new Map(),    // step -> how many chains have it
    requests: target.requests.map(([words]) => text(words)),
  };
  for (const end of target.chains) here.chains.set(steps[end].package.reference, wayTo(steps[end]));
  for (const [words, end] of target.requests) here.chains.set(text(words), wayTo(steps[end]));
  for (const [words, index, what, place, hint, satisfied] of target.problems) {
    if (index >= 0) here.packages.set(packages[index].reference, packages[index]);
    here.problems.set(text(words), {
      what: text(what), place: text(place), hint: text(hint), satisfied: satisfied.map(text)});
  }
  for (const [reference, reasons] of target.absent) here.absent.set(text(reference), text(reasons));
  for (const chain of here.chains.values()) {
    for (const step of chain) {
      here.packages.set(step.package.reference, step.package);
      here.passes.set(step, (here.passes.get(step) || 0) + 1);
    }
  }
  for (const item of [...here.packages.values()].sort(byPreference)) {
    if (!here.versions.has(item.name)) here.versions.set(item.name, []);
    here.versions.get(item.name).push(item.reference);
  }
  return here;
}

function byPreference(one, other) {
  if (one.isDefault !== other.isDefault) return one.isDefault ? -1 : 1;
  return other.version.localeCompare(one.version, "en", {numeric: true});
}

function wayTo(step) {
  const way = [];
  for (let here = step; here; here = here.below) way.push(here);
  return way.reverse();
}

function stagesOf(chain) {
  return chain.filter((step) => step.package.stage);
}

// The requirements that hold a member of a chain there: who states them, in which words, where.
function reasonsFor(chain, name) {
  return chain.flatMap((step) => step.package.needs
    .filter((need) => need.name === name && step.package.name !== name)
    .map((need) => ({user: step.package.reference, words: need.words, place: need.place})));
}

// Each direct requirement of a package with what satisfies it in the chain. Without a chain it is
// what the requirement alone leads to, or nothing.
function directNeeds(item, chain, problem) {
  return item.needs.map((need, index) => {
    const found = chain && chain.find((step) => step.package.name === need.name);
    const alone = problem ? problem.satisfied[index] : "";
    return {...need, reference: found ? found.package.reference : alone || ""};
  });
}

// The packages whose own chain has this one because they require it themselves.
function directUsers(target, reference) {
  const wanted = target.packages.get(reference);
  const found = [];
  for (const item of target.packages.values()) {
    const chain = target.chains.get(item.reference);
    const states = item.needs.filter((need) => need.name === wanted.name);
    if (!chain || !states.length || item.name === wanted.name) continue;
    if (chain.some((step) => step.package.reference === reference)) {
      found.push({reference: item.reference, isDefault: item.isDefault, ...states[0]});
    }
  }
  return found.sort((one, other) => one.reference.localeCompare(other.reference, "en"));
}

// Several chains side by side: stages built alone and together, and how far all of them agree.
function compareChains(chains) {
  const owners = new Map();
  for (const chain of chains) {
    for (const step of chain) owners.set(step, (owners.get(step) || 0) + 1);
  }
  let common = 0;
  const first = chains.length ? chains[0] : [];
  while (common < first.length && owners.get(first[common]) === chains.length) common += 1;
  return {
    owners,
    common: first.slice(0, common),
    alone: chains.reduce((sum, chain) => sum + stagesOf(chain).length, 0),
    together: [...owners.keys()].filter((step) => step.package.stage).length,
  };
}

// The reference that a name means on a target, or that reference itself where it is known.
function meant(target, reference) {
  if (target.packages.has(reference) || target.chains.has(reference)) return reference;
  const versions = target.versions.get(reference.split(":")[0]);
  return versions ? versions[0] : "";
}

// References that a query finds: default versions, or any version once a colon is typed.
function find(target, query) {
  const wanted = query.trim().toLowerCase();
  const every = wanted.includes(":");
  const found = [];
  for (const versions of target.versions.values()) {
    for (const reference of every ? versions : versions.slice(0, 1)) {
      const item = target.packages.get(reference);
      const words = [reference, item.group, ...item.aliases].join(" ").toLowerCase();
      if (words.includes(wanted)) found.push({reference, rank: rankOf(item, wanted)});
    }
  }
  found.sort((one, other) => (
    one.rank - other.rank || one.reference.localeCompare(other.reference, "en")));
  return found.map((item) => item.reference);
}

function rankOf(item, wanted) {
  if (!wanted || item.name.toLowerCase() === wanted) return 0;
  if (item.name.toLowerCase().startsWith(wanted)) return 1;
  return item.reference.toLowerCase().includes(wanted) ? 2 : 3;
}

if (typeof module !== "undefined") {
  module.exports = {
    readPages, stagesOf, reasonsFor, directNeeds, directUsers, compareChains, meant, find,
  };
}
