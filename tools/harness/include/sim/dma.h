/* SPDX-License-Identifier: GPL-2.0 */
/*
 * dma.h - harness: how a test drives the fake DMA API and driver core of
 * sim/dma.c.
 */
#ifndef SIM_DMA_H
#define SIM_DMA_H

#include "sim/control.h"

/* Coherent memory that the fake host has given: bytes. */
long sim_dma_outstanding(void);
/* Where the next block lies for the device, and whether its mask matters. */
extern u64 sim_dma_next;
extern bool sim_dma_disobeys;
/* The driver is unbound: its managed resources go, then soba is told. */
void sim_dma_unbind(struct device *dev);
/* Only the first of that: a probe failed. Another one begins. */
void sim_dma_release(struct device *dev);
void sim_dma_bind(struct device *dev);
/* The device goes, driver or not. */
void sim_dma_remove(struct device *dev);

#endif /* SIM_DMA_H */
