// SPDX-License-Identifier: Apache-2.0
// Draws again only when a property changed; preact/compat would bring this and much more.
import { Component, type ComponentChild, type ComponentType } from 'preact';

export function memo<P extends object>(draw: (props: P) => ComponentChild): ComponentType<P> {
  return class extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const names = Object.keys(next) as (keyof P)[];
      return names.some((name) => next[name] !== this.props[name]);
    }

    override render(): ComponentChild {
      return draw(this.props);
    }
  };
}
