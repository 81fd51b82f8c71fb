// SPDX-License-Identifier: Apache-2.0
import { render } from 'preact';
import './style/index.css';
import { App } from './shell/app';

const page = document.getElementById('page');
if (page) render(<App />, page);
