import { consoleTour } from './console-tour.ts';
import { everyPage } from './every-page.ts';

everyPage('every page of the console', consoleTour, 39);
