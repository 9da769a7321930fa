import { everyPage } from './every-page.ts';
import { tour } from './tour.ts';

everyPage('every page', tour, 49);
