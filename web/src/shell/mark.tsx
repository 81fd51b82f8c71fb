// SPDX-License-Identifier: Apache-2.0
// The mark: people gathering, one of them a light.
export function Mark() {
  return (
    <span class="mark">
      <svg viewBox="0 0 28 20" width="28" height="20" aria-hidden="true" focusable="false">
        <g class="mark-crowd">
          <circle cx="3.2" cy="15.600" r="2.600" />
          <circle cx="9.800" cy="9.800" r="2.600" />
          <circle cx="10.200" cy="16.600" r="2.600" />
          <circle cx="17" cy="13.400" r="2.600" />
        </g>
        <circle class="mark-light" cx="22" cy="5.200" r="4.400" />
      </svg>
      <span>Muster</span>
    </span>
  );
}
