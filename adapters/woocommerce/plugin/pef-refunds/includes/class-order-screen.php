<?php
/**
 * The order screen: where each refund is.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * A box, and a word behind each refund. It reads the record; it changes nothing but what
 * the owner presses.
 */
final class Order_Screen {

	const BOX  = 'pef_refunds_box';
	const MAIL = 'pef_refunds_send_mail';

	/**
	 * Hooks in, for both kinds of order screen.
	 */
	public static function hook() {
		add_action( 'add_meta_boxes', array( self::class, 'add_box' ), 30, 2 );
		add_action( 'woocommerce_after_order_refund_item_name', array( self::class, 'show_badge' ) );
		add_action( 'woocommerce_order_item_add_action_buttons', array( self::class, 'say_who_pays' ) );
		add_action( 'wp_ajax_' . self::BOX, array( self::class, 'answer_box' ) );
		add_filter( 'woocommerce_order_actions', array( self::class, 'offer_mail' ), 10, 2 );
		add_action( 'woocommerce_order_action_' . self::MAIL, array( self::class, 'send_mails' ) );
	}

	/**
	 * Adds the box to orders of the chosen methods.
	 *
	 * @param string             $screen The screen's id.
	 * @param \WP_Post|\WC_Order $thing  The order, or its post.
	 */
	public static function add_box( $screen, $thing = null ) {
		$order = $thing instanceof \WP_Post ? wc_get_order( $thing->ID ) : $thing;
		if ( ! in_array( $screen, Assets::screens(), true ) || ! $order instanceof \WC_Order ) {
			return;
		}
		if ( Ours::order( $order ) || Record::of( $order ) ) {
			$show = static function () use ( $order ) {
				// phpcs:ignore WordPress.Security.EscapeOutput -- made of escaped pieces.
				echo self::box( $order );
			};
			add_meta_box( 'pef-refunds', __( 'PagoEfectivo refunds', 'pef-refunds' ), $show, $screen, 'side', 'high' );
		}
	}

	/**
	 * The box's inside, as safe HTML.
	 *
	 * @param \WC_Order $order The order.
	 */
	public static function box( $order ): string {
		$lines  = array();
		$moving = 'no';
		foreach ( $order->get_refunds() as $refund ) {
			if ( self::concerns( $order, $refund ) ) {
				$lines[] = Refund_View::of( $order, $refund )->html();
				$moving  = in_array( Refund_View::of( $order, $refund )->state, States::QUIET, true ) ? $moving : 'yes';
			}
		}
		$cip  = Settings::cip_of( $order );
		$head = '<p><strong>' . esc_html__( 'CIP', 'pef-refunds' ) . '</strong> <code>' . esc_html( '' === $cip ? '–' : $cip ) . '</code></p>';
		$none = '<p>' . esc_html__( 'No refund yet.', 'pef-refunds' ) . '</p>';
		return '<div id="pef-box" class="pef-box" data-order="' . esc_attr( (string) $order->get_id() ) . '" data-moving="' . $moving . '">'
			. $head . ( $lines ? implode( '', $lines ) : $none ) . '</div>';
	}

	/**
	 * The state behind a refund's name.
	 *
	 * @param \WC_Order_Refund $refund The refund.
	 */
	public static function show_badge( $refund ) {
		$order = wc_get_order( $refund->get_parent_id() );
		if ( $order instanceof \WC_Order && self::concerns( $order, $refund ) ) {
			$guarded = Deletion::is_guarded( $refund ) ? 'yes' : 'no';
			echo ' <span class="pef-of-' . esc_attr( (string) $refund->get_id() ) . '" data-pef-guarded="' . esc_attr( $guarded ) . '">';
			// phpcs:ignore WordPress.Security.EscapeOutput -- the badge is made of escaped pieces.
			echo States::badge( Refund_View::of( $order, $refund )->state ) . '</span>';
		}
	}

	/**
	 * Says beside the Refund button what it does on this order.
	 *
	 * @param \WC_Order $order The order.
	 */
	public static function say_who_pays( $order ) {
		if ( ! Ours::order( $order ) ) {
			return;
		}
		$via = Native_Way::offered_for( $order );
		echo '<span class="description" id="pef-who-pays" data-via="' . ( $via ? 'yes' : 'no' ) . '">';
		echo esc_html( $via ? __( 'Refunds of this order are decided first and paid by PagoEfectivo.', 'pef-refunds' ) : __( '"Refund manually" is right here: PagoEfectivo pays it.', 'pef-refunds' ) );
		echo '</span>';
	}

	/**
	 * The box again, for the page's script.
	 */
	public static function answer_box() {
		check_ajax_referer( self::BOX, 'nonce' );
		$order = wc_get_order( isset( $_POST['order_id'] ) ? absint( $_POST['order_id'] ) : 0 );
		if ( ! current_user_can( 'edit_shop_orders' ) || ! $order instanceof \WC_Order ) {
			wp_send_json_error( array(), 403 );
		}
		$badges = array();
		foreach ( $order->get_refunds() as $refund ) {
			if ( self::concerns( $order, $refund ) ) {
				$badges[ $refund->get_id() ] = States::badge( Refund_View::of( $order, $refund )->state );
			}
		}
		wp_send_json_success(
			array(
				'html'   => self::box( $order ),
				'badges' => $badges,
			)
		);
	}

	/**
	 * Offers to send held mails at once, in the list of order actions.
	 *
	 * @param array          $actions Actions.
	 * @param \WC_Order|null $order   The order.
	 * @return array
	 */
	public static function offer_mail( $actions, $order = null ) {
		if ( $order instanceof \WC_Order && self::to_tell( $order ) ) {
			$actions[ self::MAIL ] = __( 'Send the held "refunded" mail now', 'pef-refunds' );
		}
		return $actions;
	}

	/**
	 * Sends the held mails of an order, as its owner wishes.
	 *
	 * @param \WC_Order $order The order.
	 */
	public static function send_mails( $order ) {
		foreach ( self::to_tell( $order ) as $refund ) {
			Mails::release( $order, $refund );
		}
	}

	/**
	 * The refunds whose mail is held and could still come true.
	 *
	 * @param \WC_Order $order The order.
	 * @return \WC_Order_Refund[]
	 */
	public static function to_tell( $order ): array {
		return array_filter(
			$order->get_refunds(),
			static function ( $refund ) use ( $order ) {
				return Mails::is_held( $refund ) && ! in_array( Record::state_of( $order, $refund->get_id() ), States::ENDED_UNPAID, true );
			}
		);
	}

	/**
	 * Whether a refund is one that the service pays, or has told something about.
	 *
	 * @param \WC_Order        $order  The order.
	 * @param \WC_Order_Refund $refund The refund.
	 */
	private static function concerns( $order, $refund ): bool {
		return '' !== Record::state_of( $order, $refund->get_id() ) || Ours::refund( $refund );
	}
}
