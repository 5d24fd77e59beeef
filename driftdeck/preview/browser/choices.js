// What is chosen of each variable, and what was drawn for that choice.
class Choices {
  constructor(model) {
    this.variables = model.variables;
    this.values = {...model.chosen};
    this.all = new Set(model.variables.filter(variable => Array.isArray(this.values[variable.name])
      && this.values[variable.name].length > 1).map(variable => variable.name));
  }

  readAddress() {
    for (const [key, value] of new URLSearchParams(location.search)) {
      const variable = this.variables.find(other => `var-${other.name}` === key);
      if (variable) this.choose(variable, value);
    }
    this.settle();
  }

  // Values that the others' choice does not offer become the first that it does.
  settle() {
    for (const variable of this.variables) {
      const offered = this.of(variable.options) || [];
      const known = offered.map(option => option.value);
      const values = [this.values[variable.name]].flat();
      if (this.all.has(variable.name)) this.choose(variable, "$__all");
      else if (known.length && !values.every(value => known.includes(value)))
        this.choose(variable, known[0]);
    }
  }

  choose(variable, value) {
    const offered = this.of(variable.options) || [];
    const all = offered.map(option => option.value).filter(option => option !== "$__all");
    if (value === "$__all") this.all.add(variable.name);
    else this.all.delete(variable.name);
    this.values[variable.name] = value === "$__all" ? all : variable.several ? [value] : value;
  }

  of(byChoice) {
    return byChoice.by[JSON.stringify(byChoice.uses.map(name => this.values[name] ?? ""))];
  }
}
