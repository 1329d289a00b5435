<?php
/**
 * The status "refunded" comes when the money has moved.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * Holds the status change of a full refund, and puts back one that was made by hand.
 */
final class Order_Status {

	const HELD   = '_pef_status';
	const BEFORE = '_pef_status_before';

	/**
	 * Whether the status is being set because the money has moved.
	 *
	 * @var bool
	 */
	private static $releasing = false;

	/**
	 * Hooks into both ways to the status.
	 */
	public static function hook() {
		add_filter( 'woocommerce_order_fully_refunded_status', array( self::class, 'hold' ), 99, 3 );
		add_action( 'woocommerce_order_status_changed', array( self::class, 'on_changed' ), 100, 4 );
	}

	/**
	 * Leaves the status as it is for now.
	 *
	 * @param string $status    The status that WooCommerce is about to set.
	 * @param int    $order_id  The order.
	 * @param int    $refund_id The refund that makes it complete.
	 * @return string
	 */
	public static function hold( $status, $order_id, $refund_id ) {
		$refund = wc_get_order( $refund_id );
		$order  = wc_get_order( $order_id );
		if ( ! $status || ! $order || ! Ours::refund( $refund ) ) {
			return $status;
		}
		if ( 'refunded' !== $order->get_status() ) {
			$refund->update_meta_data( self::BEFORE, $order->get_status() );
		}
		if ( Settings::holds() ) {
			$refund->update_meta_data( self::HELD, $status );
			$status = '';
		}
		$refund->save();
		return $status;
	}

	/**
	 * Somebody set the status by hand: WooCommerce has recorded a refund for it, the
	 * service has been told, and the status goes back until the money has moved.
	 *
	 * @param int       $order_id The order.
	 * @param string    $from     The status before.
	 * @param string    $to       The status now.
	 * @param \WC_Order $order    The order.
	 */
	public static function on_changed( $order_id, $from, $to, $order ) {
		if ( 'refunded' !== $to || self::$releasing || ! Settings::holds() || ! Ours::order( $order ) ) {
			return;
		}
		if ( self::money_has_moved( wc_get_order( $order_id ) ) ) {
			return;
		}
		self::put_back( $order, $from );
		$order->add_order_note( esc_html__( 'The status stays as it was until the money has moved; then it becomes "Refunded" by itself.', 'pef-refunds' ) );
	}

	/**
	 * Sets the held status once every refund of the order has been paid.
	 *
	 * @param \WC_Order $order The order.
	 */
	public static function release( $order ) {
		$held = self::held( $order );
		if ( ! $held || ! self::money_has_moved( $order ) || (float) $order->get_remaining_refund_amount() > 0 ) {
			return;
		}
		$status = (string) $held[0]->get_meta( self::HELD );
		foreach ( $held as $refund ) {
			$refund->delete_meta_data( self::HELD );
			$refund->save();
		}
		if ( $order->has_status( $status ) ) {
			return;
		}
		self::$releasing = true;
		try {
			$order->update_status( $status, __( 'The money has been paid back.', 'pef-refunds' ) );
		} finally {
			self::$releasing = false;
		}
	}

	/**
	 * After a refund is gone for good: the status that its making had changed.
	 *
	 * @param \WC_Order $order  The order.
	 * @param string    $before The status before that refund, or an empty text.
	 */
	public static function undo( $order, string $before ) {
		if ( '' !== $before && $order->has_status( 'refunded' ) && (float) $order->get_remaining_refund_amount() > 0 ) {
			self::put_back( $order, $before );
		}
	}

	/**
	 * Whether each of the order's refunds that the service pays has been paid.
	 *
	 * @param \WC_Order $order The order.
	 */
	private static function money_has_moved( $order ): bool {
		foreach ( $order->get_refunds() as $refund ) {
			if ( Ours::refund( $refund ) && 'refunded' !== Record::state_of( $order, $refund->get_id() ) ) {
				return false;
			}
		}
		return true;
	}

	/**
	 * The refunds whose status change waits.
	 *
	 * @param \WC_Order $order The order.
	 * @return \WC_Order_Refund[]
	 */
	private static function held( $order ): array {
		return array_values(
			array_filter(
				$order->get_refunds(),
				static function ( $refund ) {
					return '' !== (string) $refund->get_meta( self::HELD );
				}
			)
		);
	}

	/**
	 * Sets a status that the order has had, without the mails and stock moves of a new one.
	 *
	 * @param \WC_Order $order  The order.
	 * @param string    $status The status.
	 */
	private static function put_back( $order, string $status ) {
		$completed = $order->get_date_completed( 'edit' );
		$order->set_status( $status );
		$order->set_date_completed( $completed );
		$forget = function () {
			$this->status_transition = false;
		};
		$forget->call( $order );
		$order->save();
	}
}
