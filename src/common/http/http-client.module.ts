import { Module } from '@nestjs/common';
import { HttpService } from './http.service.js';

/** Offers the {@link HttpService} to the processes that call outside. */
@Module({ providers: [HttpService], exports: [HttpService] })
export class HttpClientModule {}
