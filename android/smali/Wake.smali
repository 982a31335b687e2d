# After a start of the device, and after the app was replaced by another version of itself.
.class public final Ldev/drydock/agent/Wake;
.super Landroid/content/BroadcastReceiver;

.method public constructor <init>()V
    .locals 0
    invoke-direct {p0}, Landroid/content/BroadcastReceiver;-><init>()V
    return-void
.end method

.method public onReceive(Landroid/content/Context;Landroid/content/Intent;)V
    .locals 0
    invoke-static {p1}, Ldev/drydock/agent/Timer;->arm(Landroid/content/Context;)V
    return-void
.end method
